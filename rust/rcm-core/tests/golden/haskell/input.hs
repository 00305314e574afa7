{-# LANGUAGE GADTs #-}
{-# LANGUAGE TypeFamilies #-}

-- | Recipes, and how to scale them.
module Kitchen.Recipe
  ( Recipe (..)
  , scale
  ) where

import qualified Data.Map as Map
import Data.Text (Text, unpack)

-- | What goes into the pot.
data Ingredient
  = Grams Text Double
  | Pieces
      { pieceName :: Text
      , pieceCount :: Int
      }
  deriving (Eq, Show)

-- | A recipe for a number of people.
newtype Recipe = Recipe { unRecipe :: (Int, [Ingredient]) }

type Shelf = Map.Map Text Double

data Step a where
  Stir :: Int -> Step ()
  Taste :: Step Bool

class Edible a where
  -- | Energy in kilojoule.
  energy :: a -> Double
  energy _ = 0

  type Unit a
  name' :: a -> Text

instance Edible Ingredient where
  energy (Grams _ g) = 4 * g
  energy _ = 1
  name' = const "ingredient"

instance (Edible a) => Edible [a] where
  energy = sum . map energy

deriving instance Show Recipe

-- | Multiplies every amount.
scale :: Double -> Recipe -> Recipe
scale factor (Recipe (n, is)) =
  Recipe (n, map go is)
  where
    go (Grams t g) = Grams t (g * factor)
    go other = other

-- | Counts pieces; grams count as none.
count :: Ingredient -> Int
count (Grams _ _) = 0
count (Pieces _ n)
  | n < 0 = 0
  | otherwise = n

(<+>) :: Recipe -> Recipe -> Recipe
Recipe (n, a) <+> Recipe (_, b) = Recipe (n, a ++ b)

infixr 6 <+>

first, second :: Int
first = 1
second = 2

untyped x = unpack x

größe :: Recipe -> Int
größe = length . snd . unRecipe

type family Element c
type instance Element [e] = e

pattern One :: Ingredient
pattern One = Pieces "one" 1

main :: IO ()
main = do
  print (count (Grams "salt" 1))
  let local = 3
  print local
